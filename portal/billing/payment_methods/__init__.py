"""What customers can be charged by: payment methods, the mandates given for them, and the intents that set them up."""
