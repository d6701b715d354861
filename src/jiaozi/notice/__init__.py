"""Notices 通知: what happened is told to who asked to be told. Here: webhooks, which read the journal by a cursor."""
