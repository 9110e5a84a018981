"""What all pages share: words, signs, the frame around them, headers, JSON beside HTML."""
