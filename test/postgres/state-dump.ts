/** As pg_dump writes it, with what is hard to read of it: 001_orders is applied. */
export const DUMP = String.raw`--
-- PostgreSQL database dump
--

\restrict AbCdEf

SET statement_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;

--
-- Name: total(integer); Type: FUNCTION; Schema: public; Owner: shop owner
--

CREATE FUNCTION public.total(n integer) RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT CASE WHEN (total.n > 0) THEN 1 ELSE 2 END AS "case";
END;


ALTER FUNCTION public.total(n integer) OWNER TO "shop owner";

CREATE FUNCTION public.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
BEGIN
  -- it's; a "trap
  RETURN NEW;
END;
$_$;

SET default_tablespace = fast;

CREATE TABLE public.orders (
    id integer NOT NULL,
    note text DEFAULT E'it\'s;
\\connect' /* it's; "so */
);


ALTER TABLE public.orders OWNER TO "shop owner";

CREATE RULE quiet AS
    ON DELETE TO public.orders DO ( SELECT 1;
 SELECT 2;
);

COMMENT ON TABLE public.orders IS 'it''s
COPY public.orders (id) FROM stdin;
as text';

CREATE TABLE public.pgmigrations (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    run_on timestamp without time zone NOT NULL
);

CREATE SEQUENCE public.pgmigrations_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;

ALTER SEQUENCE public.pgmigrations_id_seq OWNED BY public.pgmigrations.id;

ALTER TABLE ONLY public.pgmigrations ALTER COLUMN id SET DEFAULT nextval('public.pgmigrations_id_seq'::regclass);

INSERT INTO public.pgmigrations VALUES (1, '001_orders', '2025-01-01 00:00:00');

SELECT pg_catalog.setval('public.pgmigrations_id_seq', 1, true);

GRANT SELECT ON TABLE public.orders TO reporting_nobody;

CREATE SUBSCRIPTION elsewhere CONNECTION 'host=publisher' PUBLICATION all_of_it WITH (connect = false, slot_name = 'elsewhere');

\unrestrict AbCdEf
`;
