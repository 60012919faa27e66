"""The hashes of text that TensorFlow uses: FarmHash64 (Pike 2014), and SipHash-2-4 (Aumasson & Bernstein 2012)."""

from __future__ import annotations

from collections.abc import Sequence

MASK = 2**64 - 1
K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
JOINER = 0xC6A4A7935BD1E995

Pair = tuple[int, int]


def farm_hash(text: bytes) -> int:
    """Return the 64-bit fingerprint of a text, the same everywhere and always.

    Example:
        >>> hex(farm_hash(b""))
        '0x9ae16a3b2f90404f'
    """
    size = len(text)
    if size <= 16:
        return _short(text)
    if size <= 32:
        return _mixed(*_ends(text, _multiplier(size), K1)[:2], _multiplier(size))
    return _middling(text) if size <= 64 else _long(text)


def joined(first: int, second: int) -> int:
    """Return a fingerprint of two fingerprints."""
    result = (first ^ JOINER ^ _shift_mix(second * JOINER) * JOINER) * JOINER & MASK
    return _shift_mix(_shift_mix(result) * JOINER)


def _short(text: bytes) -> int:
    size = len(text)
    if size >= 8:
        factor = _multiplier(size)
        a, b = _word(text, 0) + K2, _word(text, size - 8)
        return _mixed(_rotated(b, 37) * factor + a, (_rotated(a, 25) + b) * factor, factor)
    if size >= 4:
        first, last = (int.from_bytes(part, "little") for part in (text[:4], text[-4:]))
        return _mixed(size + (first << 3), last, _multiplier(size))
    if size:
        y, z = text[0] + (text[size >> 1] << 8), size + (text[-1] << 2)
        return _shift_mix(y * K2 ^ z * K0) * K2 & MASK
    return K2


def _ends(text: bytes, factor: int, first: int) -> tuple[int, int, int]:
    """Return two sums of the first and last 16 bytes of a text, and the first 8 times a factor."""
    size = len(text)
    a, b = _word(text, 0) * first, _word(text, 8)
    c, d = _word(text, size - 8) * factor, _word(text, size - 16) * K2
    return _rotated(a + b, 43) + _rotated(c, 30) + d, a + _rotated(b + K2, 18) + c, a


def _middling(text: bytes) -> int:
    size, factor = len(text), _multiplier(len(text))
    y, x, a = _ends(text, factor, K2)
    z = _mixed(y, x, factor)
    e, f = _word(text, 16) * factor, _word(text, 24)
    g, h = (y + _word(text, size - 32)) * factor, (z + _word(text, size - 24)) * factor
    return _mixed(_rotated(e + f, 43) + _rotated(g, 30) + h, e + _rotated(f + a, 18) + g, factor)


def _long(text: bytes) -> int:
    size = len(text)
    x, y = 81, 81 * K1 + 113 & MASK
    z = _shift_mix(y * K2 + 113) * K2 & MASK
    x = x * K2 + _word(text, 0) & MASK
    v, w = (0, 0), (0, 0)
    end = (size - 1) // 64 * 64
    for place in range(0, end, 64):
        x, y, z, v, w = _round(text, place, x, y, z, v, w, K1, 1)
    factor = K1 + ((z & 0xFF) << 1)
    first = w[0] + (size - 1 & 63)
    v = (v[0] + first & MASK, v[1])
    w = (first + v[0] & MASK, w[1])
    x, y, z, v, w = _round(text, size - 64, x, y, z, v, w, factor, 9)
    left = _mixed(v[0], w[0], factor) + _shift_mix(y) * K0 + z
    return _mixed(left, _mixed(v[1], w[1], factor) + x, factor)


def _round(
    text: bytes, place: int, x: int, y: int, z: int, v: Pair, w: Pair, factor: int, weight: int
) -> tuple[int, int, int, Pair, Pair]:
    """Return the state after 64 bytes more."""
    x = _rotated(x + y + v[0] + _word(text, place + 8), 37) * factor & MASK
    y = _rotated(y + v[1] + _word(text, place + 48), 42) * factor & MASK
    x ^= w[1] * weight & MASK
    y = y + v[0] * weight + _word(text, place + 40) & MASK
    z = _rotated(z + w[0], 33) * factor & MASK
    v = _weakly(text, place, v[1] * factor, x + w[0])
    w = _weakly(text, place + 32, z + w[1], y + _word(text, place + 16))
    return z, y, x, v, w


def _weakly(text: bytes, place: int, a: int, b: int) -> Pair:
    """Return two sums of 32 bytes and two seeds."""
    first, second, third, last = (_word(text, place + offset) for offset in (0, 8, 16, 24))
    a += first
    b = _rotated(b + a + last, 21)
    whole = a + second + third
    return whole + last & MASK, b + _rotated(whole, 44) + a & MASK


def _multiplier(size: int) -> int:
    return K2 + 2 * size


def _mixed(a: int, b: int, factor: int) -> int:
    a, b = a & MASK, b & MASK
    a = _shift_mix((a ^ b) * factor)
    return _shift_mix((b ^ a) * factor) * factor & MASK


def _shift_mix(x: int) -> int:
    x &= MASK
    return x ^ x >> 47


def _rotated(x: int, count: int) -> int:
    x &= MASK
    return x >> count | x << 64 - count & MASK


def _word(text: bytes, place: int) -> int:
    return int.from_bytes(text[place : place + 8], "little")


# ------------------------------------------------------------ with a key


def sip_hash(text: bytes, key: Sequence[int]) -> int:
    """Return the 64-bit hash of a text that a key of two 64-bit numbers changes.

    Example:
        >>> hex(sip_hash(bytes(range(15)), (0x0706050403020100, 0x0f0e0d0c0b0a0908)))
        '0xa129ca6149be45e5'
    """
    a, b = (number & MASK for number in key)
    start = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    state = [number ^ part for number, part in zip(start, (a, b, a, b))]
    whole = len(text) // 8 * 8
    words = [_word(text, place) for place in range(0, whole, 8)]
    for word in [*words, _word(text, whole) | (len(text) & 0xFF) << 56]:
        state[3] ^= word
        _sip_rounds(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    _sip_rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


# Two parts of the state: the second is added to the first, turned left by so many places and mixed with the sum; and by
# how many places the sum is turned then.
SIP_STEPS = ((0, 1, 13, 32), (2, 3, 16, 0), (0, 3, 21, 0), (2, 1, 17, 32))


def _sip_rounds(state: list[int], count: int) -> None:
    for _ in range(count):
        for a, b, left, turn in SIP_STEPS:
            state[a] = state[a] + state[b] & MASK
            state[b] = _rotated(state[b], 64 - left) ^ state[a]
            state[a] = _rotated(state[a], 64 - turn)
