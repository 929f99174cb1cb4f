"""What runs on other devices: read as text and handed out, never imported."""
