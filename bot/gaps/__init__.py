"""What people ask that is not answered well."""
