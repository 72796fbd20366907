"""The grammar of Stripe's API: how requests are parsed and answers are rendered. Knows no resource."""
