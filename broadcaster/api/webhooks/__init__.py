"""What programs are told by themselves, and how it reaches them."""
