"""What machine code is written with, and two things written so that know nothing of graphs: products and the crew."""
