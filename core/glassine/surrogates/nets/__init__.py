"""Networks shared by several surrogates, written as functions that return modules."""
