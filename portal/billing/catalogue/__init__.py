"""What is sold: products, their prices and plans, tax rates and shipping rates."""
