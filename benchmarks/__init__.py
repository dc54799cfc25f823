"""Side-by-side measurements. Nothing here is a test: times are printed, never asserted."""
