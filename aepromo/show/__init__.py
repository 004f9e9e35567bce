"""Results to what a person looks at: Rich renderables, and nothing about streams.

``table``   rows of a file, or the fields of one SKU
``summary`` the lines under a table: how many, at which status, which is the worst
"""
