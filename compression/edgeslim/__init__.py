"""EdgeSlim: how small and fast can this detector get before it stops seeing?"""

__version__ = "0.1.0"
