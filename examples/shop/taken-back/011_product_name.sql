-- An older shop asks for `title` and fails. Going back loses nothing: the values stay where they are.

-- Up Migration
-- headgate: allow HG212 reason="product pages may fail for the minute until the new pods are up"
ALTER TABLE products RENAME COLUMN title TO name;

-- Down Migration
ALTER TABLE products RENAME COLUMN name TO title;
