-- Looks fine on a laptop. In production somebody has signed up as Ada@example.com and as ada@example.com.

-- Up Migration
ALTER TABLE customers ADD COLUMN email_key text;
UPDATE customers SET email_key = lower(email);
ALTER TABLE customers ALTER COLUMN email_key SET NOT NULL;
ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE (email_key);

-- Down Migration
ALTER TABLE customers DROP COLUMN email_key;
