"""Webhooks: what happens is written down where it happens, and posted to whoever wants to be told.

    move of a state --outbox.put--> delivery row --posting.post_due--> POST --> delivered | again later | given up

The row is written in the transaction of the move, so whatever dies, there is one for each move and none without one.
"""
