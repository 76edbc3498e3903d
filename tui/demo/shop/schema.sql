-- The shop's tables and some twenty-six thousand rows; run once, when the data directory is
-- made, which takes a third of a second. All of it is one transaction.
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    country text NOT NULL
);
CREATE TABLE products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    category text NOT NULL,
    price numeric(10, 2) NOT NULL,
    stock integer NOT NULL CHECK (stock >= 0)
);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers,
    status text NOT NULL DEFAULT 'new',
    total numeric(10, 2) NOT NULL DEFAULT 0,
    placed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE order_lines (
    order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
    product_id bigint NOT NULL REFERENCES products,
    quantity integer NOT NULL,
    PRIMARY KEY (order_id, product_id)
);
CREATE TABLE payments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL UNIQUE REFERENCES orders ON DELETE CASCADE,
    amount numeric(10, 2) NOT NULL,
    paid_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO customers (name, country)
SELECT 'Customer ' || n, (ARRAY['AT', 'CH', 'DE', 'FR', 'IT', 'NL'])[1 + n % 6]
FROM generate_series(1, 2000) AS n;
INSERT INTO products (title, category, price, stock)
SELECT 'Product ' || n, (ARRAY['books', 'games', 'garden', 'kitchen', 'music'])[1 + n % 5],
    5 + n % 190, 1000000
FROM generate_series(1, 400) AS n;
INSERT INTO orders (customer_id, status, total, placed_at)
SELECT 1 + n * 7 % 2000, 'paid', 5 + n * 13 % 300, now() - (8000 - n) * interval '11 seconds'
FROM generate_series(1, 8000) AS n;
INSERT INTO order_lines (order_id, product_id, quantity)
SELECT n, 1 + n * 3 % 400, 1 + n % 3 FROM generate_series(1, 8000) AS n;
INSERT INTO payments (order_id, amount, paid_at)
SELECT id, total, placed_at + interval '5 seconds' FROM orders;
CREATE INDEX orders_status ON orders (status) WHERE status IN ('new', 'shipped');
ANALYZE;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO web, worker, billing, reporting, export,
    backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO backup;
GRANT SELECT ON products, orders TO onwatch;
GRANT INSERT, UPDATE ON orders, order_lines TO web;
GRANT UPDATE ON products TO web;
GRANT UPDATE, DELETE ON orders TO worker;
GRANT UPDATE ON products TO worker;
GRANT UPDATE ON orders TO billing;
GRANT INSERT ON payments TO billing;
ALTER TABLE orders OWNER TO deploy;
