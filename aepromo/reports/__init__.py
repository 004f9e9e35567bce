"""One file per question: checked columns and a policy in, result columns out.

Nothing here knows about files or terminals. ``report`` says what a report is, ``policy`` holds what
does not vary from row to row, ``check`` fills and checks what a report needs, ``frame`` runs a
report over a pandas frame; the others each answer one question with the pricing model.
"""
