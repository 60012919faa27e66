"""What is shown to people: progress, tables and charts. Knows nothing of models; takes numbers and gives text."""
