"""Values of an object that are made when they are first looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 (used as a decorator, like property)
    """What functools.cached_property is from Python 3.12 on: it holds no lock.

    Before, all objects of a class share one: hooks of several Pages would trade their tokens one after the other.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self.make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, _: type, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, _: type) -> T:
        value = owner.__dict__[self.name] = self.make(owner)
        return value
