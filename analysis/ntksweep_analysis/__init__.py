"""The report of ntksweep studies: load -> curves -> statistics -> figures and tables -> page."""
