CREATE TABLE t (id int, name text, ok bool, at timestamptz, size int8, addr inet, lsn pg_lsn, x float8);
INSERT INTO t VALUES
  (1, 'one', true, '2026-11-23 12:00:00+00', 100, '10.0.0.1', '0/6024030', 1.5),
  (2, 'two', false, '2026-11-23 13:00:00+00', 250, '10.0.0.12', '0/6000000', -0.25),
  (3, 'Three', NULL, NULL, NULL, NULL, NULL, NULL),
  (4, NULL, true, '2026-11-22 11:00:00+00', 250, '10.0.0.2', '1/28', 1e20);
CREATE TABLE u (id int, color text);
INSERT INTO u VALUES (1, 'red'), (1, 'blue'), (4, 'green'), (9, NULL);
