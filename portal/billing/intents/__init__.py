"""Payment intents: what a provider is to charge, its attempts, and what came of each."""
