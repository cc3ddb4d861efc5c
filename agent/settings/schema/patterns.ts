/** A duration as values write it: `500ms`, `45s`, `10m`, `1h`. */
export const DURATION = "^(0|[1-9][0-9]*)(ms|s|m|h)$";

/** The same without 0, which PostgreSQL's time-outs take for waiting without end. */
export const POSITIVE_DURATION = "^[1-9][0-9]*(ms|s|m|h)$";

/** A duration that may be days, `30d`. */
export const AGE = "^(0|[1-9][0-9]*)(ms|s|m|h|d)$";

/** How long something is kept: `90d`, `12h`; empty means for ever. */
export const KEPT = "^([1-9][0-9]{0,4}(h|d))?$";

/** A PostgreSQL identifier that needs no quoting; empty means "not set". */
export const IDENTIFIER = "^[a-z_][a-z0-9_]{0,62}$";
export const OPTIONAL_IDENTIFIER = "^([a-z_][a-z0-9_]{0,62})?$";

/** A name from the catalog, quoted or not, with or without its schema: `orders`, `shop.orders`, `shop."Order"`. */
export const CATALOG_NAME = '^([^".\\s]+|"[^"]+")(\\.([^".\\s]+|"[^"]+"))?$';

/** A name behind its table's: `orders.total`, `shop.orders."Total"`. */
export const COLUMN_NAME = '^[^\\s]+\\.([^".\\s]+|"[^"]+")$';

/** A function, with its argument types or without: `total_of`, `shop.total_of(integer, text)`. */
export const FUNCTION_NAME = '^([^".()\\s]+|"[^"]+")(\\.([^".()\\s]+|"[^"]+"))?(\\(.*\\))?$';
