"""Disputes: payments that customers had taken back, and inquiries of their banks."""
