unit_test(test_random DEPENDS base)
