"""``reprice`` as a DuckDB query: doubles, money written as decimals.

The cells of the file are kept as text, so that they come out as they were. Writing doubles as they
are took a third more CPU time than decimals, and computing with decimals throughout no less.
"""

import sys

import duckdb

QUERY = """
COPY (
    WITH costs AS (
        SELECT *,
            purchase_price::DOUBLE AS purchase,
            purchase_price::DOUBLE + logistics_cost::DOUBLE AS cost,
            list_price::DOUBLE AS listed,
            commission_rate::DOUBLE AS rate,
            target_profit::DOUBLE AS target
        FROM read_csv($source, all_varchar = true)
    ), plain AS (
        SELECT *,
            ceil(purchase * 1.15 * 100) / 100 AS floor,
            ceil((cost + target) / (1 - rate - 0.012) * 100) / 100 AS plain
        FROM costs
    ), bounds AS (
        SELECT *, round(
            cost + target + ceil(plain * rate * 100) / 100 + ceil(plain * 0.012 * 100) / 100, 2
        ) AS by_profit
        FROM plain
    ), required AS (
        SELECT *, greatest(by_profit, floor) AS required FROM bounds
    ), protected AS (
        SELECT *, ceil(required / (1 - 0.132) * 100) / 100 AS protected FROM required
    ), actions AS (
        SELECT *,
            CASE
                WHEN listed >= protected THEN 'keep'
                WHEN protected > listed * 1.5 THEN 'hold'
                ELSE 'raise'
            END AS action
        FROM protected
    ), prices AS (
        SELECT *, CASE WHEN action = 'raise' THEN protected ELSE listed END AS new FROM actions
    ), deals AS (
        SELECT *, floor(new * (1 - 0.132) * 100) / 100 AS deal FROM prices
    ), fees AS (
        SELECT *, round(deal * rate, 2) AS commission, round(deal * 0.012, 2) AS payment FROM deals
    ), profits AS (
        SELECT *, round(deal - cost - commission - payment, 2) AS kept FROM fees
    )
    SELECT
        sku, title, category, market, purchase_price, logistics_cost, list_price, commission_rate,
        target_profit,
        required::DECIMAL(18, 2) AS required_deal_price,
        CASE WHEN floor > by_profit THEN 'floor_price' ELSE 'target_profit' END AS bound_by,
        protected::DECIMAL(18, 2) AS protected_list_price,
        new::DECIMAL(18, 2) AS new_list_price,
        (new - listed)::DECIMAL(18, 2) AS price_change,
        action,
        CASE WHEN action = 'hold' THEN 'max_change' END AS held_by,
        deal::DECIMAL(18, 2) AS deal_price,
        commission::DECIMAL(18, 2) AS commission,
        payment::DECIMAL(18, 2) AS payment_fee,
        kept::DECIMAL(18, 2) AS profit,
        (floor(kept / deal * 10000) / 10000)::DECIMAL(18, 4) AS margin,
        floor::DECIMAL(18, 2) AS floor_price,
        (floor((1 - floor / new) * 10000) / 10000)::DECIMAL(18, 4) AS max_discount,
        'forced' AS worst_case,
        CASE
            WHEN deal < floor THEN 'below_floor'
            WHEN kept < 0 THEN 'loss'
            WHEN deal < required THEN 'below_target'
            ELSE 'ok'
        END AS status
    FROM profits
) TO $target (FORMAT csv, HEADER)
"""

duckdb.execute(QUERY, {"source": sys.argv[1], "target": sys.argv[2]})
