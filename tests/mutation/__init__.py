"""Small faults, planted one by one in the fast market: who is caught by the oracle?"""
