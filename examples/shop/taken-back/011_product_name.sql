-- An older shop asks for `title` and fails. Going back loses nothing: the values stay where they are.

-- Up Migration
ALTER TABLE products RENAME COLUMN title TO name;

-- Down Migration
ALTER TABLE products RENAME COLUMN name TO title;
