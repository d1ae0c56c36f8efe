"""The published experiments on music that can be had: the recipes of the papers, with narrower layers, on mer4q.

A module for each paper has its networks, protocols and tables; `scores` has what they share.
"""
