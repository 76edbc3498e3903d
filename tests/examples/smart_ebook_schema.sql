CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text UNIQUE NOT NULL, created_at timestamp DEFAULT now());
CREATE TABLE documents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), filename text NOT NULL, file_size integer NOT NULL,
    file_hash char(64) UNIQUE NOT NULL, file_type text NOT NULL, storage_path text NOT NULL,
    upload_status text DEFAULT 'pending', error_message text, user_id uuid NOT NULL REFERENCES users(id),
    created_at timestamp DEFAULT now(), updated_at timestamp DEFAULT now());
CREATE TABLE conversations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES users(id),
    title varchar(200) NOT NULL, created_at timestamp DEFAULT now(), updated_at timestamp DEFAULT now());
CREATE TABLE chat_messages (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), conversation_id uuid NOT NULL REFERENCES conversations(id),
    role varchar(20) NOT NULL, content text NOT NULL, response_time double precision,
    created_at timestamp DEFAULT now());
CREATE TABLE message_sources (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), message_id uuid NOT NULL REFERENCES chat_messages(id),
    document_id uuid NOT NULL REFERENCES documents(id), similarity_score double precision NOT NULL);
CREATE TABLE subscription_tiers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text UNIQUE NOT NULL, price_monthly numeric(10, 2) NOT NULL);
CREATE TABLE user_subscriptions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES users(id),
    tier_id uuid NOT NULL REFERENCES subscription_tiers(id), status text NOT NULL);
CREATE TABLE usage_tracking (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES users(id),
    usage_type text NOT NULL, usage_date date NOT NULL, amount integer NOT NULL);
CREATE TABLE ai_requests (
    id bigserial PRIMARY KEY, created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'utc'),
    provider text NOT NULL, model text NOT NULL, status_code integer NOT NULL, latency_ms double precision NOT NULL,
    prompt_tokens integer NOT NULL, completion_tokens integer NOT NULL, cost numeric(12, 6) NOT NULL, error text);

INSERT INTO users (email) VALUES ('ann@example.com'), ('bob@example.com'), ('eve@example.com');
INSERT INTO documents (filename, file_size, file_hash, file_type, storage_path, upload_status, user_id)
SELECT 'book-' || n || '.epub', 1024000, lpad(n::text, 64, '0'), 'epub', '/books/' || n,
       CASE WHEN n = 10 THEN 'indexing_failed' ELSE 'indexed' END, (SELECT id FROM users ORDER BY email LIMIT 1)
FROM generate_series(1, 10) n;
INSERT INTO conversations (user_id, title) SELECT id, 'about books' FROM users WHERE email < 'c';
UPDATE conversations SET updated_at = now() - interval '3 days', created_at = now() - interval '3 days'
WHERE user_id = (SELECT id FROM users WHERE email = 'bob@example.com');
INSERT INTO chat_messages (conversation_id, role, content, response_time) SELECT id, 'assistant', 'yes', 1.2 FROM conversations;
INSERT INTO message_sources (message_id, document_id, similarity_score)
SELECT m.id, d.id, 0.8 FROM chat_messages m, documents d WHERE d.filename = 'book-1.epub';
INSERT INTO subscription_tiers (name, price_monthly) VALUES ('free', 0), ('pro', 20);
INSERT INTO user_subscriptions (user_id, tier_id, status)
SELECT u.id, t.id, 'active' FROM users u JOIN subscription_tiers t ON t.name = CASE WHEN u.email = 'eve@example.com' THEN 'free' ELSE 'pro' END;
INSERT INTO usage_tracking (user_id, usage_type, usage_date, amount)
SELECT id, kind, current_date, amount FROM users, (VALUES ('search', 7), ('token', 900), ('upload', 2)) given(kind, amount)
WHERE email = 'ann@example.com';
