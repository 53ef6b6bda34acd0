"""Signing in at servers with OAuth 2.1, and keeping what that brings.

`Credentials.of(subject, entry)` is the way in: it returns the `SignIn` of one person at one server, which vouches for
each request, renews itself, and has a link for the person where they have to do something. Tokens rest in a `Vault`.
"""
