"""What an erased text is known by, and how a file of any form is searched for it. Shared by admission and the erasing flow."""
