"""The parts every tower is made of."""
