"""The kinds of jobs, a file each: a spec with typed fields, and what carries it out.

Importing one of these files is cheap; what a kind needs at work it imports when it runs.
"""
