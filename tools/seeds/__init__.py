"""docs/seeds.md: where onwatch shows each of the 735 things that five operations guides ask for.

``python -m tools.seeds`` writes the page from the files in docs/seeds/; with ``--measure`` it runs
the examples' tests before and keeps what every alert took to fire; with ``--items CHECKLIST`` it
takes the guides' wording anew. ``tests/examples/test_seeds.py`` pins all of it.

A file ``docs/seeds/SYSTEM.yaml`` has a row for each id:

    tests: tests/examples/test_aigateway.py     # where tests are that name no file
    rows:
      AIG-04:
        check: database               # a check of examples/SYSTEM/onwatch.yaml, or a list of them
        rule: HighErrorRate           # an alert or a recorded metric of its rules, or of a pack
        screen: databases             # a screen, by the name of its page: databases, alerts …
        command: onwatch check        # a command
        runbook: first-response › check-recent-errors     # a runbook, or a step of one
        dashboard: requests           # a dashboard of the example, by its name
        log: api_errors               # a pattern of one of its log checks
        says: what one sees there, where the names do not say it
        test: test_figures_are_those_of_the_guides_sql       # or FILE::NAME, or a list
        note: what of the guide's own text is broken, and how that is mended
      AIG-38: {later: notifications}  # or agent, or history: what it needs
      AIG-53: {out: shipping logs; onwatch reads the same files itself}

A row is shown, ``later`` or ``out`` (of scope, with the reason). One that is shown names at least
one place and one test; so may the others.
"""
