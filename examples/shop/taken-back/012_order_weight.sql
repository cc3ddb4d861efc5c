-- An older shop places orders without a weight, which this refuses; and going back throws the weights away.

-- Up Migration
-- headgate: allow HG209 reason="the shop is closed tonight"
-- headgate: allow HG701 reason="the shop is closed tonight"
-- headgate: allow HG702 reason="the shop is closed tonight"
ALTER TABLE orders ADD COLUMN weight_grams integer;
UPDATE orders SET weight_grams = 250 + total_cents / 10;
ALTER TABLE orders ALTER COLUMN weight_grams SET NOT NULL;

-- Down Migration
ALTER TABLE orders DROP COLUMN weight_grams;
