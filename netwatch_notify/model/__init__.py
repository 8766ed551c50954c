"""What we talk about, in nmap's words: frozen values, standard library only."""
