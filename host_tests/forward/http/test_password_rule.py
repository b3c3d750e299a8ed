from evencell.forward.http.password_rule import fault_of
from tools.dev.login import random_password


def test_a_new_password_has_a_length_and_is_not_guessed_at_once():
    for password in (None, 1234567890, "", "short one", 129 * "x", 65 * "xy"):
        assert "10 to 128 characters" in fault_of(password), password
    for password in (
        "aaaaaaaaaa", "abababababab", "1234567890", "abcdefghijklm", "9876543210", "Password12", "passwort1234",
        "Qwertzuiop", "evencell2024", "11112222333",
    ):  # fmt: skip
        assert "guessed easily" in fault_of(password), password
    for password in ("correct horse", "a good password", "k7#mQ2!xPz", "Möwe im Nordwind", "passwords are hard"):
        assert fault_of(password) is None, password
    assert fault_of(random_password()) is None
