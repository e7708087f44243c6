"""Lines that look as if they held a secret and hold none: each must come back as it was."""

HEX_40 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"

HARMLESS = [
    f"HEAD is now at {HEX_40} Add the cart",
    f"sha256:{'ab12' * 16}",
    "request 3f2504e0-4f89-11d3-9a0c-0305e82c3301 failed",
    "arn:aws:sts::111122223333:assumed-role/codebuild-shop-service-role-Q7X2K9P4M1/session",
    "/codebuild/output/src1657406599/src/node_modules/.cache/webpack5/main.js",
    "PWD=/codebuild/output/src/shop",
    "SyntaxError: Unexpected token } in JSON at position 12",
    "src/main/java/com/example/shop/CheckoutServiceIntegrationTest.java:41: error: cannot find symbol",
    "FAILED tests/test_cart.py::test_total_with_discount_and_shipping_included - assert 19 == 20",
    "PASSWORD=$DB_PASSWORD docker run -u 1000:1000 app",
    f"linux-x64-pip-{'cd34' * 16}",
    "echo $TOKEN | docker login --password-stdin registry.example.test -u ci",
    "the password is required",
    "password: ***",
    "Missing required secret: ${{ secrets.NPM_TOKEN }}",
    "integrity sha512-" + "Ab1+" * 21 + "==",
    "    at Object.<anonymous> (/app/node_modules/jest-circus/build/legacy-code-todo-rewrite/jestAdapterInit.js:1:2)",
    "Downloading https://files.example.test/packages/cp313/numpy-2.1.3-cp313-cp313-manylinux_2_17_aarch64.whl (14 MB)",
    "--hash=sha256:" + "0a1b" * 16,
    "com.example.shop.checkout.internal.DefaultCheckoutServiceFactoryBean$$EnhancerBySpringCGLIB$$1a2b3c4d",
    "npm warn deprecated har-validator@5.1.5: this library is no longer supported",
    "git@github.example.test:shop/cart.git",
    "Cloning ssh://git@git.example.test/shop/cart.git",
    "curl --token-file /run/secrets/token https://h.example.test",
    "Successfully tagged 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/api:20260115T120000Z",
]
