"""Parts of a comparison of models: metrics, tests, mean curves, tables and figures."""
