"""Questions of price: list-price, margin, commission, floor, reprice, audit, breakeven."""
