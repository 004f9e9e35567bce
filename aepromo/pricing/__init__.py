"""The pricing model: whole minor units and whole millionths, standard library only.

Every formula is written once. It takes Python ints for one SKU and NumPy ``int64`` columns for a
file, so that a one-liner and a catalogue of millions cannot disagree. Nothing here knows where the
numbers came from or where they go.

``currency`` what money is counted in
``money``    units, blanks, rounding with a direction
``offers``   what comes off a list price: own discount, forced discount, Spend & Save, coupon
``fees``     what comes off a deal price: commission, payment fee, costs; floor, margin, status
``protect``  the deal price that must be reached, and the list price that protects it
``shipping`` what a line asks for a parcel
"""
