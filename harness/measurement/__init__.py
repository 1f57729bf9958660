"""Records what happens in a run: samples, histograms, totals."""
