"""The models behind one REST interface: what scripts ask, and what the studio's pages ask."""
