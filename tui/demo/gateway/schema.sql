-- The gateway's tables and an hour of requests; run once, when the data directory is made.

CREATE DATABASE aigateway;
USE aigateway;

CREATE TABLE providers (
    id VARCHAR(40) PRIMARY KEY,
    priority INT NOT NULL
) ENGINE=InnoDB;
CREATE TABLE accounts (
    id INT AUTO_INCREMENT PRIMARY KEY,
    provider_id VARCHAR(40) NOT NULL,
    quota INT NOT NULL,
    used INT NOT NULL DEFAULT 0,
    FOREIGN KEY (provider_id) REFERENCES providers (id)
) ENGINE=InnoDB;
CREATE TABLE proxy_pool (
    id INT AUTO_INCREMENT PRIMARY KEY,
    address VARCHAR(60) NOT NULL,
    healthy BOOLEAN NOT NULL DEFAULT TRUE
) ENGINE=InnoDB;
CREATE TABLE request_logs (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    provider_id VARCHAR(40),
    account_id INT,
    model VARCHAR(60),
    status_code SMALLINT NOT NULL,
    latency_ms INT NOT NULL,
    error VARCHAR(255),
    KEY created_at (created_at)
) ENGINE=InnoDB;

INSERT INTO providers VALUES ('antigravity', 1), ('meridian', 2), ('zenith', 3);
INSERT INTO accounts (provider_id, quota)
SELECT ELT(1 + seq % 3, 'antigravity', 'meridian', 'zenith'), 100000 FROM seq_1_to_12;
INSERT INTO proxy_pool (address) SELECT CONCAT('10.0.0.', seq, ':3128') FROM seq_1_to_8;
INSERT INTO request_logs (created_at, provider_id, account_id, model, status_code, latency_ms, error)
SELECT
    NOW(3) - INTERVAL (12001 - seq) * 300000 MICROSECOND,
    ELT(1 + seq % 7 DIV 3, 'antigravity', 'meridian', 'zenith'),
    1 + seq % 12,
    ELT(1 + seq % 2, 'comet-small', 'comet-large'),
    IF(seq % 97 = 0, 502, 200),
    90 + (seq * 7919) % 400 + IF(seq % 41 = 0, 900, 0),
    IF(seq % 97 = 0, 'refresh failed: the provider answered 502', NULL)
FROM seq_1_to_12000;
