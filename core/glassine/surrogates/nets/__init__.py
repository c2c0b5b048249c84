"""Networks shared by several surrogates, written as functions that return modules.

`backward` makes twins of them whose gradients are steadier and, in bytes, faster."""
