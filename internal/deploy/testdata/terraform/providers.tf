# Made by tagwarden deploy terraform; made anew, it is written over.
# docs/terraform.md of tagwarden says how it is applied and what is in it.
# Whatever else the providers are to know is for a file that ends in _override.tf.

provider "aws" {
  region = var.region

  default_tags {
    tags = var.tags
  }
}

provider "aws" {
  alias  = "ap_south_1"
  region = "ap-south-1"

  default_tags {
    tags = var.tags
  }
}

provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"

  default_tags {
    tags = var.tags
  }
}
