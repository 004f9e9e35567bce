"""The pricing model: whole minor units and whole millionths, standard library only.

Every formula is written once. It takes Python ints for one SKU and NumPy ``int64`` columns for a
file, so that a one-liner and a catalogue of millions cannot disagree. Nothing here knows where the
numbers came from or where they go.

``currency`` currencies and their decimal places
``money``    units, blanks, rounding with a direction
``offers``   what comes off a list price: own discount, forced discount, Spend & Save, coupon
``baskets``  a unit's share of order offers, in the order that is worst for it
``fees``     what comes off a deal price: commission, payment and other fee, costs; floor, status
``protect``  the deal price that must be reached, and the list price that protects it
``decision`` the list price to set, and which guard stops that
``reach``    up to which forced rate, exchange rate and own discount a list price holds
``proof``    why a list price below the protected one fails
``stepping`` search step by step, for a column of rows
``parcel_charges``  the price of a shipping line for a parcel
"""
